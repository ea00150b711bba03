// What the parts of the JSON codec cost without Python: strings that need no escape and strings
// that do, by their length; numbers written and numbers read, by what they look like.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "core/check.hpp"
#include "http/json/number_scan.hpp"
#include "http/json/number_write.hpp"
#include "http/json/plain_copy.hpp"
#include "http/json/string_scan.hpp"
#include "http/json/string_write.hpp"
#include "http/json/utf8.hpp"

namespace {

using namespace pelton::http;

constexpr std::size_t number_count = 4096;

using Random = std::mt19937_64;

// The same in every run, and the same for writing and reading.
template <class Value>
std::vector<Value> numbers(Value (*make)(Random&)) {
  Random random(20260301);
  std::vector<Value> made(number_count);
  for (Value& value : made) value = make(random);
  return made;
}

double uniform(Random& random, double from, double to) {
  return std::uniform_real_distribution<double>(from, to)(random);
}

double coordinate(Random& random) {
  return uniform(random, -180, 180);
}
double any_exponent(Random& random) {
  const int exponent = std::uniform_int_distribution(-250, 250)(random);
  return uniform(random, -1, 1) * std::pow(10.0, exponent);
}
double price(Random& random) {
  return static_cast<double>(random() % 100'000) / 100;
}

std::int64_t below_a_thousand(Random& random) {
  return static_cast<std::int64_t>(random() % 1000);
}
std::int64_t any_length(Random& random) {
  const int digits = std::uniform_int_distribution(1, 18)(random);
  const auto below = static_cast<std::uint64_t>(std::pow(10.0, digits));
  return static_cast<std::int64_t>(random() % (2 * below)) - static_cast<std::int64_t>(below);
}

char* write(char* out, double value) {
  return json::write_real(out, value);
}
char* write(char* out, std::int64_t value) {
  return json::write_integer(out, value);
}

template <class Value>
std::string written(const std::vector<Value>& values) {
  std::string text(values.size() * 48 + 64, '\0');
  char* out = text.data();
  for (const Value value : values) {
    out = write(out, value);
    *out++ = ',';
  }
  text.resize(static_cast<std::size_t>(out - text.data()));
  return text;
}

void count_numbers(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(number_count));
}

template <class Value>
void write_numbers(benchmark::State& state, Value (*make)(Random&)) {
  const std::vector<Value> values = numbers(make);
  std::string text(values.size() * 48 + 64, '\0');
  for (auto _ : state) {
    char* out = text.data();
    for (const Value value : values) {
      out = write(out, value);
      *out++ = ',';
    }
    benchmark::DoNotOptimize(out);
    benchmark::ClobberMemory();
  }
  count_numbers(state);
}

template <class Value>
void scan_numbers(benchmark::State& state, Value (*make)(Random&)) {
  const std::string text = written(numbers(make));
  const char* const end = text.data() + text.size();
  for (auto _ : state) {
    for (const char* p = text.data(); p < end;) {
      const json::Number number = json::scan_number(p, end);
      CHECK(*number.end == ',');
      benchmark::DoNotOptimize(number);
      p = number.end + 1;
    }
  }
  count_numbers(state);
}

void count_octets(benchmark::State& state, std::string_view text) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}

void copy_plain(benchmark::State& state, std::size_t bytes) {
  const std::string text(bytes, 'a');
  std::string out(bytes + 64, '\0');
  for (auto _ : state) {
    CHECK(json::copy_plain(out.data(), text.data(), bytes));
    benchmark::ClobberMemory();
  }
  count_octets(state, text);
}

void write_escaped(benchmark::State& state, std::size_t plain_bytes) {
  std::string text;
  while (text.size() < 4096) text += std::string(plain_bytes, 'a') + '\n';
  std::string out(json::escaped_bytes_max * text.size() + json::escape_slack_bytes, '\0');
  for (auto _ : state) {
    benchmark::DoNotOptimize(json::write_utf8_string(out.data(), text.data(), text.size()));
    benchmark::ClobberMemory();
  }
  count_octets(state, text);
}

void scan_string(benchmark::State& state, std::size_t bytes) {
  const std::string text = std::string(bytes, 'a') + '"' + std::string(64, ' ');
  for (auto _ : state) {
    benchmark::DoNotOptimize(json::scan_string_run(text.data(), text.data() + text.size()));
  }
  count_octets(state, text);
}

void decode_utf8(benchmark::State& state, std::string_view letters) {
  std::string text;
  while (text.size() < 4096) text += letters;
  json::Utf8Decoder decoder;
  for (auto _ : state) {
    benchmark::DoNotOptimize(decoder.decode(text));
  }
  count_octets(state, text);
}

template <class Value>
void register_numbers(const std::string& name, Value (*make)(Random&)) {
  benchmark::RegisterBenchmark(("write/" + name).c_str(),
                               [make](benchmark::State& state) { write_numbers(state, make); });
  benchmark::RegisterBenchmark(("scan/" + name).c_str(),
                               [make](benchmark::State& state) { scan_numbers(state, make); });
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  register_numbers("coordinate", &coordinate);
  register_numbers("any_exponent", &any_exponent);
  register_numbers("price", &price);
  register_numbers("below_a_thousand", &below_a_thousand);
  register_numbers("any_length", &any_length);
  for (const std::size_t bytes : {4u, 16u, 32u, 100u, 1000u, 100000u}) {
    const std::string length = std::to_string(bytes);
    benchmark::RegisterBenchmark(("copy_plain/" + length).c_str(),
                                 [bytes](benchmark::State& state) { copy_plain(state, bytes); });
    benchmark::RegisterBenchmark(("scan_string/" + length).c_str(),
                                 [bytes](benchmark::State& state) { scan_string(state, bytes); });
  }
  for (const std::size_t plain_bytes : {0u, 3u, 10u, 50u}) {
    benchmark::RegisterBenchmark(
        ("escape_after/" + std::to_string(plain_bytes)).c_str(),
        [plain_bytes](benchmark::State& state) { write_escaped(state, plain_bytes); });
  }
  for (const auto& [name, letters] :
       {std::pair{"latin", "abcé"}, {"cyrillic", "привет "}, {"emoji", "😀🚀 ok"}}) {
    const std::string_view text = letters;
    benchmark::RegisterBenchmark((std::string("decode_utf8/") + name).c_str(),
                                 [text](benchmark::State& state) { decode_utf8(state, text); });
  }
  benchmark::RunSpecifiedBenchmarks();
}
