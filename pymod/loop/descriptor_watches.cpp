#include "pymod/loop/descriptor_watches.hpp"

#include <poll.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <utility>

#include "pymod/hotpath/python_versions.hpp"
#include "pymod/loop/ready_queue.hpp"

namespace pelton::py {

using uring::Descriptor;
using uring::Operation;
using uring::Token;

namespace {

constexpr std::uint32_t events_of[2] = {POLLIN, POLLOUT};
// An error or a hang-up goes to every watcher, whose own call then finds out which it is.
constexpr std::uint32_t events_told[2] = {POLLIN | POLLPRI | POLLERR | POLLHUP,
                                          POLLOUT | POLLERR | POLLHUP};

// After these events, octets that a read leaves are not reported again: read to the end.
constexpr bool is_to_end(std::uint32_t events) {
  return (events & (POLLRDHUP | POLLHUP | POLLERR)) != 0 ||
         (events & (POLLPRI | POLLRDBAND)) == POLLPRI;
}

constexpr std::size_t index_of(DescriptorWatches::Side side) {
  return static_cast<std::size_t>(side);
}

}  // namespace

std::uint32_t DescriptorWatches::Watch::wanted() const {
  return (watchers[0] ? POLLIN : 0) | (watchers[1] ? POLLOUT : 0);
}

bool DescriptorWatches::Watch::wants_news_only() const {
  return (!watchers[0] || kinds[0] == Kind::receiver) &&
         (!watchers[1] || kinds[1] == Kind::receiver);
}

// From now on the poll covers exactly the events that are wanted.
void DescriptorWatches::update(Descriptor descriptor, Watch& watch) {
  watch.lingers = false;
  const std::uint32_t wanted = watch.wanted();
  const bool same =
      wanted == watch.polled && (wanted == 0 || watch.wants_news_only() == watch.news_only);
  if (engine_ != nullptr && !same) ask(descriptor, watch, wanted);
}

void DescriptorWatches::ask(Descriptor descriptor, Watch& watch, std::uint32_t events) {
  const auto slot = static_cast<std::uint32_t>(descriptor);
  if (watch.polled != 0) {
    engine_->cancel(Token(Operation::cancel, 0, slot),
                    Token(Operation::poll, watch.generation, slot));
    called_off_ = true;
  }
  watch.polled = events;
  if (events == 0) return;
  // Generation 0 is the server's (ServerParts::companion).
  watch.generation = watch.generation % Token::generation_max + 1;
  ++in_flight_;
  watch.news_only = watch.wants_news_only();
  const Token token(Operation::poll, watch.generation, slot);
  if (watch.news_only) {
    engine_->poll_news(token, descriptor, events);
  } else {
    engine_->poll_lasting(token, descriptor, events);
  }
}

DescriptorWatches::Watch& DescriptorWatches::watch_of(Descriptor descriptor) {
  const auto index = static_cast<std::size_t>(descriptor);
  if (index >= watches_.size()) watches_.resize(std::bit_ceil(index + 1));
  return watches_[index];
}

OwnedRef DescriptorWatches::set(Descriptor descriptor, Side side, OwnedRef watcher, Kind kind) {
  Watch& watch = watch_of(descriptor);
  OwnedRef before = std::exchange(watch.watchers[index_of(side)], std::move(watcher));
  watch.kinds[index_of(side)] = kind;
  // A lingering poll may be of a closed descriptor that had the same number.
  if (watch.lingers && engine_ != nullptr) ask(descriptor, watch, 0);
  update(descriptor, watch);
  return before;
}

OwnedRef DescriptorWatches::set_operation(Descriptor descriptor, Side side, OwnedRef operation,
                                          PyObject* socket) {
  Watch& watch = watch_of(descriptor);
  const bool same = watch.socket && OwnedRef(referent(watch.socket.get())).get() == socket;
  if (same && watch.lingers && (watch.polled & events_of[index_of(side)]) != 0) {
    watch.kinds[index_of(side)] = Kind::operation;
    return std::exchange(watch.watchers[index_of(side)], std::move(operation));
  }
  if (!same) {
    watch.socket = OwnedRef(PyWeakref_NewRef(socket, nullptr));
    PyErr_Clear();  // without weak references, each operation polls anew
  }
  return set(descriptor, side, std::move(operation), Kind::operation);
}

OwnedRef DescriptorWatches::remove(Descriptor descriptor, Side side) {
  if (find(descriptor, side) == nullptr) return OwnedRef();
  Watch& watch = watches_[static_cast<std::size_t>(descriptor)];
  OwnedRef before = std::move(watch.watchers[index_of(side)]);
  update(descriptor, watch);
  return before;
}

PyObject* DescriptorWatches::find(Descriptor descriptor, Side side) const {
  const auto index = static_cast<std::size_t>(descriptor);
  if (descriptor < 0 || index >= watches_.size()) return nullptr;
  return watches_[index].watchers[index_of(side)].get();
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
  for (Watch& watch : watches_) {
    watch.polled = 0;
    watch.lingers = false;
  }
}

void DescriptorWatches::completed(const uring::Completion& completion, ReadyQueue& ready) {
  if (!completion.more) --in_flight_;
  const auto descriptor = static_cast<Descriptor>(completion.token.slot());
  Watch& watch = watches_[completion.token.slot()];
  // The poll was cancelled or replaced meanwhile.
  if (watch.polled == 0 || watch.generation != completion.token.generation()) return;
  if (!completion.more) watch.polled = 0;
  if (completion.result < 0) {
    // The descriptor is not valid any more: watchers learn that from their own calls. After
    // -ECANCELED no watcher runs: its descriptor was closed, and a connection of the server may
    // have the number.
    for (const Side side : {Side::reader, Side::writer}) {
      if (completion.result != -ECANCELED) push(watch, side, true, ready);
      watch.watchers[index_of(side)] = OwnedRef();
    }
    return;
  }
  const auto events = static_cast<std::uint32_t>(completion.result);
  bool for_nobody = false;
  for (const Side side : {Side::reader, Side::writer}) {
    const std::uint32_t event = events_of[index_of(side)];
    if ((events & events_told[index_of(side)]) == 0) continue;
    for_nobody |= !watch.watchers[index_of(side)] && (watch.polled & event) != 0;
    push(watch, side, is_to_end(events), ready);
  }
  // The next operation on the socket mostly asks for the same events: the poll is left to it.
  if (watch.lingers && completion.more && !for_nobody) return;
  // Requested now, submitted after the callbacks have run.
  update(descriptor, watch);
}

void DescriptorWatches::push(Watch& watch, Side side, bool to_end, ReadyQueue& ready) {
  OwnedRef& watcher = watch.watchers[index_of(side)];
  if (!watcher) return;
  const RunReason reason = side == Side::reader ? RunReason::readable : RunReason::writable;
  switch (watch.kinds[index_of(side)]) {
    case Kind::handle:
      return ready.push(OwnedRef::share(watcher));
    case Kind::receiver:
      return ready.push(OwnedRef::share(watcher),
                        to_end && side == Side::reader ? RunReason::to_end : reason);
    case Kind::operation:
      watch.lingers = true;
      return ready.push(std::move(watcher), reason);
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
    Py_VISIT(watch.watchers[0].get());
    Py_VISIT(watch.watchers[1].get());
  }
  return 0;
}

}  // namespace pelton::py
