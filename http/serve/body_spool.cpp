#include "http/serve/body_spool.hpp"

#include <cerrno>

#include "core/check.hpp"

namespace pelton::http {

void BodySpool::write(Output& filled) {
  CHECK(!writes_);
  octets_.take(filled);
  if (pool_ == nullptr) {
    work();
    octets_.release();
    return;
  }
  writes_ = true;
  pool_->submit(*this);
}

void BodySpool::work() {
  error_ = file_->append(octets_.octets());
}

Reason BodySpool::failure() const {
  if (error_ == EMFILE || error_ == ENFILE || error_ == ENOMEM) return Reason::shed_descriptors;
  if (error_ != 0) return Reason::answered_spool_full;
  return form_refused_ ? file_->index()->failure() : Reason::none;
}

void BodySpool::done() {
  octets_.release();
  writes_ = false;
  if (abandoned_) {
    delete this;
  } else {
    listener_.call(listener_.context);
  }
}

void BodySpool::abandon() {
  if (writes_) {
    abandoned_ = true;
  } else {
    delete this;
  }
}

}  // namespace pelton::http
