// Memory that grows to the size of the largest task so far. A lack of memory is a result, not an
// exception. New elements are not initialised.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <type_traits>

namespace pelton {

template <typename Element>
class ScratchBuffer {
  static_assert(std::is_trivially_copyable_v<Element>);

 public:
  ScratchBuffer() = default;
  ScratchBuffer(const ScratchBuffer&) = delete;
  ScratchBuffer& operator=(const ScratchBuffer&) = delete;
  ~ScratchBuffer() { std::free(data_); }

  // Makes room for at least `count` elements and keeps the present ones. False if there is no
  // memory; nothing has changed then.
  [[nodiscard]] bool grow_to(std::size_t count) {
    if (count <= size_) [[likely]]
      return true;
    return reallocate(count);
  }
  // Frees the memory if it is larger than `bytes_max`.
  void shrink(std::size_t bytes_max) {
    if (size_ * sizeof(Element) <= bytes_max) return;
    std::free(data_);
    data_ = nullptr;
    size_ = 0;
  }

  Element* data() { return data_; }
  std::size_t size() const { return size_; }

 private:
  static constexpr std::size_t max_count = ~std::size_t{0} / 2 / sizeof(Element);

  [[gnu::noinline]] bool reallocate(std::size_t count) {
    if (count > max_count) return false;
    void* const grown = std::realloc(data_, count * sizeof(Element));
    if (grown == nullptr) return false;
    data_ = static_cast<Element*>(grown);
    size_ = count;
    return true;
  }

  Element* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace pelton
