// A doubly linked list threaded through its members: no allocation, O(1) removal from anywhere.
// A member is in at most one list per node; destroying a linked member is a defect.
#pragma once

#include "core/check.hpp"

namespace pelton {

struct ListNode {
  ListNode* previous = nullptr;
  ListNode* next = nullptr;

  ListNode() = default;
  ListNode(const ListNode&) = delete;
  ListNode& operator=(const ListNode&) = delete;
  ~ListNode() { CHECK(!linked()); }

  bool linked() const { return next != nullptr; }
  void unlink() {
    previous->next = next;
    next->previous = previous;
    previous = next = nullptr;
  }
};

// `Member` derives from `Node`, and `Node` from ListNode; one `Node` type for each list it is in.
template <typename Member, typename Node = ListNode>
class IntrusiveList {
 public:
  IntrusiveList() { head_.previous = head_.next = &head_; }
  IntrusiveList(const IntrusiveList&) = delete;
  IntrusiveList& operator=(const IntrusiveList&) = delete;
  ~IntrusiveList() {
    CHECK(empty());
    head_.previous = head_.next = nullptr;
  }

  bool empty() const { return head_.next == &head_; }

  void push_back(Member& member) {
    ListNode& node = static_cast<Node&>(member);
    CHECK(!node.linked());
    node.previous = head_.previous;
    node.next = &head_;
    head_.previous->next = &node;
    head_.previous = &node;
  }

  Member* front() {
    return empty() ? nullptr : static_cast<Member*>(static_cast<Node*>(head_.next));
  }

  Member* pop_front() {
    Member* member = front();
    if (member != nullptr) static_cast<Node&>(*member).unlink();
    return member;
  }

 private:
  ListNode head_;
};

}  // namespace pelton
