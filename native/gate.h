// The argument that lets a program begin: a value that is promised to XLA before the start and given later.
#pragma once
#include <memory>

#include "client.h"

namespace xs {

class Gate {
 public:
  Gate(std::shared_ptr<Client> client, PJRT_Device* device);
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  // What the program takes; it is the gate's until `Taken`.
  PJRT_Buffer* buffer() const { return buffer_; }
  // XLA holds the value now.
  void Taken();
  // Once: gives the value, or lets what takes it fail.
  void Open(const char* error);

 private:
  const std::shared_ptr<Client> client_;
  PJRT_AsyncHostToDeviceTransferManager* manager_ = nullptr;
  PJRT_Buffer* buffer_ = nullptr;
};

}  // namespace xs
