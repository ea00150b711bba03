// The peers of the scripted engine: how they connect, send in pieces, read and end.
#include <algorithm>

#include "tests/support/scripted_engine.hpp"

namespace pelton::support {

std::size_t ScriptedEngine::play(uring::Descriptor listener, std::string octets, Ending ending) {
  const std::size_t number = players_.size();
  Player player;
  player.listener = listener;
  player.ending = ending;
  player.speaks_until = octets.size();
  if (random_.chance(script_.peer_cut_by_finish)) {
    player.cut = Cut::finish;
  } else if (random_.chance(script_.peer_cut_by_half_close)) {
    player.cut = Cut::half_close;
  } else if (random_.chance(script_.peer_cut_by_reset)) {
    player.cut = Cut::reset;
  }
  if (player.cut != Cut::none) player.speaks_until = random_.below(octets.size() + 1);
  player.octets = std::move(octets);
  players_.push_back(std::move(player));
  live_.push_back(number);
  schedule(Act::connect, number, random_.chance(script_.peer_pauses) ? pause_ns() : 0);
  return number;
}

std::uint64_t ScriptedEngine::pause_ns() {
  return random_.from_one_to(std::max<std::uint64_t>(script_.pause_ns_max, 1));
}

void ScriptedEngine::connect_player(std::size_t number) {
  Player& player = players_[number];
  if (!is_listening(player.listener)) {
    player.record.refused = true;
    player.record.gone = true;
    std::erase(live_, number);
    return;
  }
  player.peer = connect(player.listener);
  player.connected = true;
  if (random_.chance(script_.peer_reads_late)) {
    player.reading = false;
    set_window(player.peer, 0);
    schedule(Act::read, number, pause_ns());
  } else if (random_.chance(script_.peer_reads_slowly)) {
    player.reading = false;
    player.reads_slowly = true;
    set_window(player.peer, random_.from_one_to(512));
    schedule(Act::read, number, pause_ns());
  }
  speak(number);
}

void ScriptedEngine::speak(std::size_t number) {
  Player& player = players_[number];
  if (player.record.gone || player.silent) return;
  const std::size_t left = player.speaks_until - player.record.delivered;
  const bool pauses = left > 0 && random_.chance(script_.peer_pauses);
  const std::size_t bytes = pauses ? random_.from_one_to(left) : left;
  deliver(player.peer, std::string_view(player.octets).substr(player.record.delivered, bytes));
  player.record.delivered += bytes;
  if (player.record.delivered < player.speaks_until) {
    schedule(Act::speak, number, pause_ns());
  } else {
    end_speech(number);
  }
}

void ScriptedEngine::end_speech(std::size_t number) {
  Player& player = players_[number];
  player.silent = true;
  player.record.cut = player.cut != Cut::none;
  switch (player.cut) {
    case Cut::finish:
      return leave(number);
    case Cut::half_close:
      return finish(player.peer);
    case Cut::reset:
      player.record.reset_by_peer = true;
      reset(player.peer);
      return leave(number);
    case Cut::none:
      if (player.ending == Ending::half_closes) finish(player.peer);
  }
}

void ScriptedEngine::read_late(std::size_t number) {
  Player& player = players_[number];
  if (player.record.gone) return;
  take_octets(player);
  if (player.reads_slowly) {
    schedule(Act::read, number, pause_ns());
    return;
  }
  player.reading = true;
  set_window(player.peer, bytes_unlimited);
}

void ScriptedEngine::take_octets(Player& player) {
  if (!sent(player.peer).empty()) player.record.received += take_sent(player.peer);
}

void ScriptedEngine::read_as_peers() {
  for (std::size_t index = live_.size(); index > 0; --index) {
    const std::size_t number = live_[index - 1];
    Player& player = players_[number];
    if (!player.connected) continue;
    if (player.reading) take_octets(player);
    if (!sent(player.peer).empty() || player.leaving) continue;
    player.record.saw_reset = player.record.saw_reset || server_reset(player.peer);
    player.record.saw_finish = player.record.saw_finish || server_shutdown(player.peer);
    if (closed(player.peer)) {
      leave(number);
    } else if (player.record.saw_finish && player.silent) {
      // A server that lingers waits for the peer to hang up.
      player.leaving = true;
      schedule(Act::hang_up, number, random_.chance(script_.peer_pauses) ? pause_ns() : 0);
    }
  }
}

void ScriptedEngine::leave(std::size_t number) {
  Player& player = players_[number];
  if (player.record.gone) return;
  take_octets(player);
  hang_up(player.peer);
  player.record.gone = true;
  std::erase(live_, number);
}

void ScriptedEngine::note_fault(uring::Descriptor socket, bool lost) {
  for (const std::size_t number : live_) {
    Player& player = players_[number];
    if (!player.connected || descriptor_of(player.peer) != socket) continue;
    player.record.faulted = true;
    player.record.lost = player.record.lost || lost;
  }
}

}  // namespace pelton::support
