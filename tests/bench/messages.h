// The requests that the benchmark sends, made and signed before the clock starts.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace reconciled::bench {

struct Ids {
  std::string payment_id;
  std::string attempt_id;
};

// Ids as PortOne and shops make them: random.
class IdMill {
 public:
  explicit IdMill(std::uint64_t seed = std::random_device{}()) : random_(seed) {}
  [[nodiscard]] Ids make();     // V2: UUIDs
  [[nodiscard]] Ids make_v1();  // imp_ and 12 digits, a merchant_uid
  [[nodiscard]] std::string hex(std::size_t digits);

 private:
  std::mt19937_64 random_;
};

struct Wire {
  std::string address;
  bool keep_alive = true;
};

// The body of a V2 `Transaction.Paid` of now.
[[nodiscard]] std::string v2_body(const Ids& ids);
// A whole HTTP request: a signed V2 `Transaction.Paid`, a V1 webhook, a redirect, a POST of JSON.
[[nodiscard]] std::string v2_request(const Wire& wire, const Ids& ids,
                                     const std::string& webhook_id);
// PortOne's question before it charges 10,000 won; V2's is signed.
[[nodiscard]] std::string confirm_request(const std::string& api, const Wire& wire, const Ids& ids);
[[nodiscard]] std::string v1_request(const Wire& wire, const Ids& ids);
[[nodiscard]] std::string redirect_request(const Wire& wire, const Ids& ids);
[[nodiscard]] std::string json_request(const Wire& wire, const std::string& method,
                                       const std::string& target, const std::string& body);

// Hands out requests one after the other; from the beginning again where it `repeats`.
class Belt {
 public:
  explicit Belt(std::vector<std::string> requests, bool repeats = false)
      : requests_(std::move(requests)), repeats_(repeats) {}
  [[nodiscard]] std::string_view next();

 private:
  std::vector<std::string> requests_;
  bool repeats_;
  std::size_t at_ = 0;
};

}  // namespace reconciled::bench
