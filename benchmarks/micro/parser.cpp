// What reading a request head costs: the smallest one, what wrk and curl send, what a browser
// sends; and where scanning by vectors begins to pay, by the length of one value.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "core/check.hpp"
#include "http/h1/chunked_decoder.hpp"
#include "http/h1/head_parser.hpp"

namespace {

using namespace pelton::http;

const std::string smallest = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
const std::string wrk = "GET /json HTTP/1.1\r\nHost: 127.0.0.1:8000\r\n\r\n";
const std::string curl =
    "GET /json HTTP/1.1\r\nHost: localhost:8000\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n";
const std::string browser =
    "GET /items?page=2 HTTP/1.1\r\nHost: shop.example.org\r\nConnection: keep-alive\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/126.0.0.0 Safari/537.36\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-GB,en;q=0.9\r\n"
    "Referer: https://shop.example.org/items?page=1\r\n"
    "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\n\r\n";

std::string one_value(std::size_t bytes) {
  return "GET / HTTP/1.1\r\nHost: x\r\nX-Value: " + std::string(bytes, 'v') + "\r\n\r\n";
}

void parse(benchmark::State& state, const std::string& octets, const Scanner& scanner) {
  const HeadLimits limits;
  std::vector<Field> storage(limits.header_count_max);
  HeadParser parser(limits, storage, scanner);
  for (auto _ : state) {
    const Verdict verdict = parser.parse_new(octets);
    CHECK(verdict == Verdict::complete);
    benchmark::DoNotOptimize(parser.head().fields.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(octets.size()));
}

void decode(benchmark::State& state, std::size_t chunk_bytes) {
  const HeadLimits head_limits;
  const BodyLimits body_limits;
  constexpr char digits[] = "0123456789abcdef";
  std::string body;
  while (body.size() < 65536) {
    for (int shift = 12; shift >= 0; shift -= 4) {
      if (chunk_bytes >> shift != 0) body += digits[chunk_bytes >> shift & 15];
    }
    body += "\r\n" + std::string(chunk_bytes, 'd') + "\r\n";
  }
  body += "0\r\n\r\n";
  ChunkedDecoder decoder;
  for (auto _ : state) {
    decoder.begin(head_limits, body_limits, 1 << 20);
    std::string_view rest = body;
    ChunkedDecoder::Step step;
    do {
      step = decoder.decode(rest);
      rest.remove_prefix(step.consumed_bytes);
      benchmark::DoNotOptimize(step.data.data());
    } while (step.state == ChunkedDecoder::State::data);
    CHECK(step.state == ChunkedDecoder::State::complete);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(body.size()));
}

void register_scanner(const Scanner& scanner) {
  const std::string name = scanner.name;
  const auto add = [&](const std::string& what, const std::string& octets) {
    benchmark::RegisterBenchmark(
        (what + '/' + name).c_str(),
        [octets, &scanner](benchmark::State& state) { parse(state, octets, scanner); });
  };
  add("smallest", smallest);
  add("wrk", wrk);
  add("curl", curl);
  add("browser", browser);
  for (const std::size_t bytes : {8u, 20u, 40u, 100u, 400u, 4000u}) {
    add("value_" + std::to_string(bytes), one_value(bytes));
  }
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  const Scanner& best = scanner_for(CpuFeatures::of_this_machine());
  register_scanner(best);
#if defined(__x86_64__)
  if (&best != &sse2_scanner()) register_scanner(sse2_scanner());
#endif
  register_scanner(portable_scanner());
  for (const std::size_t bytes : {16u, 256u, 4096u}) {
    benchmark::RegisterBenchmark(("chunked_" + std::to_string(bytes)).c_str(),
                                 [bytes](benchmark::State& state) { decode(state, bytes); });
  }
  benchmark::RunSpecifiedBenchmarks();
}
