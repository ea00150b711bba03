#include "pymod/loop/descriptor_watches.hpp"

#include <poll.h>

#include <algorithm>
#include <bit>
#include <utility>

#include "pymod/loop/ready_queue.hpp"

namespace noria::py {

using uring::Descriptor;
using uring::Operation;
using uring::Token;

namespace {

constexpr std::uint32_t events_of[2] = {POLLIN, POLLOUT};
// An error or a hang-up is for whoever waits: the call it makes tells what it is.
constexpr std::uint32_t events_for_both = POLLERR | POLLHUP;

constexpr std::size_t index_of(DescriptorWatches::Side side) {
  return static_cast<std::size_t>(side);
}

}  // namespace

void DescriptorWatches::update(Descriptor descriptor, Watch& watch) {
  if (engine_ == nullptr) return;
  const std::uint32_t wanted = (watch.handles[0] ? POLLIN : 0) | (watch.handles[1] ? POLLOUT : 0);
  if (wanted == watch.polled) return;
  const auto slot = static_cast<std::uint32_t>(descriptor);
  if (watch.polled != 0) {
    engine_->cancel(Token(Operation::cancel, 0, slot),
                    Token(Operation::poll, watch.generation, slot));
  }
  watch.polled = wanted;
  if (wanted == 0) return;
  // Generation 0 is the server's (ServerParts::companion).
  watch.generation = watch.generation % Token::generation_max + 1;
  ++in_flight_;
  engine_->poll_lasting(Token(Operation::poll, watch.generation, slot), descriptor, wanted);
}

OwnedRef DescriptorWatches::set(Descriptor descriptor, Side side, OwnedRef handle) {
  const auto index = static_cast<std::size_t>(descriptor);
  if (index >= watches_.size()) watches_.resize(std::bit_ceil(index + 1));
  Watch& watch = watches_[index];
  OwnedRef before = std::exchange(watch.handles[index_of(side)], std::move(handle));
  update(descriptor, watch);
  return before;
}

OwnedRef DescriptorWatches::remove(Descriptor descriptor, Side side) {
  if (find(descriptor, side) == nullptr) return OwnedRef();
  Watch& watch = watches_[static_cast<std::size_t>(descriptor)];
  OwnedRef before = std::move(watch.handles[index_of(side)]);
  update(descriptor, watch);
  return before;
}

PyObject* DescriptorWatches::find(Descriptor descriptor, Side side) const {
  const auto index = static_cast<std::size_t>(descriptor);
  if (descriptor < 0 || index >= watches_.size()) return nullptr;
  return watches_[index].handles[index_of(side)].get();
}

void DescriptorWatches::attach(uring::Engine& engine) {
  engine_ = &engine;
  for (std::size_t index = 0; index < watches_.size(); ++index) {
    update(static_cast<Descriptor>(index), watches_[index]);
  }
}

void DescriptorWatches::call_off() {
  uring::Engine* const engine = std::exchange(engine_, nullptr);
  for (std::size_t index = 0; index < watches_.size(); ++index) {
    Watch& watch = watches_[index];
    if (std::exchange(watch.polled, 0) == 0) continue;
    const auto slot = static_cast<std::uint32_t>(index);
    engine->cancel(Token(Operation::cancel, 0, slot),
                   Token(Operation::poll, watch.generation, slot));
  }
}

void DescriptorWatches::detach() {
  engine_ = nullptr;
  in_flight_ = 0;
  for (Watch& watch : watches_) watch.polled = 0;
}

void DescriptorWatches::completed(const uring::Completion& completion, ReadyQueue& ready) {
  if (!completion.more) --in_flight_;
  const auto descriptor = static_cast<Descriptor>(completion.token.slot());
  Watch& watch = watches_[completion.token.slot()];
  // Called off meanwhile, or asked for anew.
  if (watch.polled == 0 || watch.generation != completion.token.generation()) return;
  if (!completion.more) watch.polled = 0;
  if (completion.result >= 0) {
    const auto events = static_cast<std::uint32_t>(completion.result);
    for (const Side side : {Side::reader, Side::writer}) {
      const bool is_ready = (events & (events_of[index_of(side)] | events_for_both)) != 0;
      OwnedRef& handle = watch.handles[index_of(side)];
      if (is_ready && handle) ready.push(OwnedRef::share(handle));
    }
    // Asked again now, submitted when the callbacks have run.
    return update(descriptor, watch);
  }
  // The descriptor is none any more: whoever waits learns it from the call that they make.
  for (OwnedRef& handle : watch.handles) {
    if (handle) ready.push(std::move(handle));
  }
}

void DescriptorWatches::clear() {
  for (std::size_t index = 0; index < watches_.size(); ++index) {
    remove(static_cast<Descriptor>(index), Side::reader);
    remove(static_cast<Descriptor>(index), Side::writer);
  }
}

int DescriptorWatches::traverse(visitproc visit, void* arg) const {
  for (const Watch& watch : watches_) {
    Py_VISIT(watch.handles[0].get());
    Py_VISIT(watch.handles[1].get());
  }
  return 0;
}

}  // namespace noria::py
