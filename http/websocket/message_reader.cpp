#include "http/websocket/message_reader.hpp"

#include <algorithm>
#include <utility>

#include "http/websocket/close_code.hpp"

namespace pelton::http::websocket {
namespace {

// LIM-071: a message may have one more fragment for each so many octets.
constexpr std::uint64_t bytes_per_fragment = 64;

// Deflating incompressible data makes it a little longer: the largest size on the wire of a message
// of the greatest size.
constexpr std::uint64_t deflated_bytes_max(std::uint64_t message_bytes_max) {
  return message_bytes_max + message_bytes_max / 64 + 64;
}

}  // namespace

MessageReader::MessageReader(BlockPool& blocks, InflaterPool& inflaters, const ReaderLimits& limits,
                             bool may_deflate)
    : limits_(limits), may_deflate_(may_deflate), inflaters_(inflaters), message_(blocks) {}

MessageReader::~MessageReader() {
  if (inflater_) inflaters_.give_back(std::move(inflater_));
}

MessageReader::Step MessageReader::read(std::span<char> octets) {
  Step step;
  if (std::exchange(delivered_, false)) message_.release();
  const std::size_t given_bytes = octets.size();
  bool done = false;
  while (!done) {
    if (!in_payload_) {
      std::string_view rest{octets.data(), octets.size()};
      const FrameHeadReader::State state = head_.read(
          rest, {.in_message = kind_ != Opcode::continuation, .may_deflate = may_deflate_});
      octets = octets.last(rest.size());
      if (state == FrameHeadReader::State::need_more) break;
      if (state == FrameHeadReader::State::rejected) {
        done = fail_protocol(step);
        break;
      }
      done = begin_frame(step);
      if (done || (octets.empty() && payload_left_ != 0)) break;
    } else if (octets.empty()) {
      break;
    }
    const FrameHead& head = head_.head();
    const auto bytes =
        static_cast<std::size_t>(std::min<std::uint64_t>(octets.size(), payload_left_));
    unmask(octets.data(), bytes, head.key, head.payload_bytes - payload_left_);
    payload_left_ -= bytes;
    const std::string_view part{octets.data(), bytes};
    octets = octets.subspan(bytes);
    if (payload_left_ == 0) in_payload_ = false;
    done = is_control(head.opcode) ? take_control(part, step) : take_data(part, step);
  }
  step.consumed_bytes = given_bytes - octets.size();
  return step;
}

// Checks the head before any of the payload is kept (WS-016).
bool MessageReader::begin_frame(Step& step) {
  const FrameHead& head = head_.head();
  in_payload_ = true;
  payload_left_ = head.payload_bytes;
  if (is_control(head.opcode)) {
    control_bytes_ = 0;
    return false;
  }
  if (head.opcode != Opcode::continuation) {
    kind_ = head.opcode;
    received_bytes_ = 0;
    fragment_count_ = 0;
    utf8_.reset();
    if (head.deflated) {
      inflater_ = inflaters_.lend();
      inflater_->begin(
          {.output_bytes_max = limits_.message_bytes_max, .ratio_max = limits_.inflate_ratio_max});
    }
  }
  const std::uint64_t bytes_max =
      inflater_ ? deflated_bytes_max(limits_.message_bytes_max) : limits_.message_bytes_max;
  if (head.payload_bytes > bytes_max - received_bytes_) {
    return fail(step, close_code::too_big, Reason::cut_websocket_message_too_big);
  }
  if (++fragment_count_ > limits_.fragments_max + received_bytes_ / bytes_per_fragment) {
    return fail(step, close_code::too_big, Reason::cut_websocket_fragments);
  }
  received_bytes_ += head.payload_bytes;
  return false;
}

bool MessageReader::take_control(std::string_view part, Step& step) {
  const FrameHead& head = head_.head();
  std::string_view payload = part;
  if (in_payload_ || control_bytes_ != 0) {
    std::ranges::copy(part, control_.begin() + control_bytes_);
    control_bytes_ = static_cast<std::uint8_t>(control_bytes_ + part.size());
    payload = {control_.data(), control_bytes_};
  }
  if (in_payload_) return false;
  switch (head.opcode) {
    case Opcode::ping:
      step.event = Event::ping;
      break;
    case Opcode::pong:
      step.event = Event::pong;
      break;
    default:
      return read_close(payload, step);
  }
  step.octets = payload;
  return true;
}

// WS-030.
bool MessageReader::read_close(std::string_view payload, Step& step) {
  step.event = Event::close;
  step.code = close_code::none_given;
  if (payload.empty()) return true;
  if (payload.size() < 2) return fail_protocol(step);
  const auto high = static_cast<std::uint8_t>(payload[0]);
  const auto low = static_cast<std::uint8_t>(payload[1]);
  step.code = static_cast<std::uint16_t>(high << 8 | low);
  step.octets = payload.substr(2);
  if (!is_wire_code(step.code)) return fail_protocol(step);
  Utf8Stream utf8;
  if (!utf8.feed(step.octets) || !utf8.complete()) {
    return fail(step, close_code::bad_data, Reason::cut_websocket_utf8);
  }
  return true;
}

bool MessageReader::take_data(std::string_view part, Step& step) {
  const bool last = !in_payload_ && head_.head().final;
  if (inflater_) {
    if (inflate(part, last, step)) return true;
    return last && end_message({}, step);
  }
  if (kind_ == Opcode::text && !utf8_.feed(part)) {
    return fail(step, close_code::bad_data, Reason::cut_websocket_utf8);
  }
  if (last) return end_message(part, step);
  if (message_.empty() && !part.empty()) {
    // Reserves room for the announced payload at once, at most four times what has arrived.
    const std::uint64_t wanted = std::min<std::uint64_t>(payload_left_, part.size() * 4);
    if (!message_.make_room(part.size() + static_cast<std::size_t>(wanted))) message_.recover();
  }
  if (!message_.append(part)) return fail_memory(step);
  return false;
}

bool MessageReader::inflate(std::string_view part, bool last, Step& step) {
  const std::size_t from = message_.size();
  Inflater::Verdict verdict = inflater_->inflate(part, message_);
  if (verdict == Inflater::Verdict::good && last) verdict = inflater_->finish(message_);
  if (kind_ == Opcode::text && !utf8_.feed(message_.view().substr(from))) {
    return fail(step, close_code::bad_data, Reason::cut_websocket_utf8);
  }
  switch (verdict) {
    case Inflater::Verdict::good:
      return false;
    case Inflater::Verdict::bad_data:
      return fail(step, close_code::bad_data, Reason::cut_websocket_inflate);
    case Inflater::Verdict::too_big:
      return fail(step, close_code::too_big, Reason::cut_websocket_message_too_big);
    case Inflater::Verdict::too_dense:
      return fail(step, close_code::too_big, Reason::cut_websocket_inflate);
    case Inflater::Verdict::no_memory:
      return fail_memory(step);
  }
  return true;
}

bool MessageReader::end_message(std::string_view last, Step& step) {
  if (kind_ == Opcode::text && !utf8_.complete()) {
    return fail(step, close_code::bad_data, Reason::cut_websocket_utf8);
  }
  step.event = kind_ == Opcode::text ? Event::text : Event::binary;
  kind_ = Opcode::continuation;
  if (inflater_) inflaters_.give_back(std::move(inflater_));
  if (message_.empty()) {
    step.octets = last;
  } else {
    if (!message_.append(last)) return fail_memory(step);
    step.octets = message_.view();
    delivered_ = true;
  }
  return true;
}

bool MessageReader::fail(Step& step, std::uint16_t code, Reason reason) {
  step = {.event = Event::failed, .code = code, .reason = reason};
  return true;
}

bool MessageReader::fail_memory(Step& step) {
  return fail(step, close_code::internal_error, Reason::cut_memory);
}

bool MessageReader::fail_protocol(Step& step) {
  return fail(step, close_code::protocol_error, Reason::cut_websocket_protocol);
}

}  // namespace pelton::http::websocket
