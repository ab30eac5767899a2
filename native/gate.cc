#include "gate.h"

#include <cstring>

namespace xs {

Gate::Gate(std::shared_ptr<Client> client, PJRT_Device* device) : client_(std::move(client)) {
  const PJRT_Api* api = client_->api();
  XS_ARGS(PJRT_Device_DefaultMemory_Args, memory);
  memory.device = device;
  Check(api, XS_FN(api, PJRT_Device_DefaultMemory)(&memory));
  XS_ARGS(PJRT_ShapeSpec, scalar);
  static const int64_t no_dims[1] = {};
  scalar.dims = no_dims;
  scalar.element_type = PJRT_Buffer_Type_U8;
  XS_ARGS(PJRT_Client_CreateBuffersForAsyncHostToDevice_Args, make);
  make.client = client_->handle;
  make.shape_specs = &scalar;
  make.num_shape_specs = 1;
  make.memory = memory.memory;
  Check(api, XS_FN(api, PJRT_Client_CreateBuffersForAsyncHostToDevice)(&make));
  manager_ = make.transfer_manager;
  XS_ARGS(PJRT_AsyncHostToDeviceTransferManager_RetrieveBuffer_Args, take);
  take.transfer_manager = manager_;
  Check(api, XS_FN(api, PJRT_AsyncHostToDeviceTransferManager_RetrieveBuffer)(&take));
  buffer_ = take.buffer_out;
}

Gate::~Gate() {
  if (manager_ != nullptr) {
    XS_ARGS(PJRT_AsyncHostToDeviceTransferManager_Destroy_Args, args);
    args.transfer_manager = manager_;
    Error ignored;
    TakeError(client_->api(), client_->api()->PJRT_AsyncHostToDeviceTransferManager_Destroy(&args), &ignored);
  }
  Taken();
}

void Gate::Taken() {
  if (buffer_ == nullptr) return;
  XS_ARGS(PJRT_Buffer_Destroy_Args, args);
  args.buffer = buffer_;
  buffer_ = nullptr;
  Error ignored;
  TakeError(client_->api(), client_->api()->PJRT_Buffer_Destroy(&args), &ignored);
}

void Gate::Open(const char* error) {
  const PJRT_Api* api = client_->api();
  Error ignored;
  if (error != nullptr && XS_HAS(api, PJRT_AsyncHostToDeviceTransferManager_SetBufferError)) {
    XS_ARGS(PJRT_AsyncHostToDeviceTransferManager_SetBufferError_Args, args);
    args.transfer_manager = manager_;
    args.error_code = PJRT_Error_Code_CANCELLED;
    args.error_message = error;
    args.error_message_size = std::strlen(error);
    TakeError(api, api->PJRT_AsyncHostToDeviceTransferManager_SetBufferError(&args), &ignored);
    return;
  }
  // Without that function the program begins, and its callbacks fail.
  static const uint8_t nothing = 0;
  XS_ARGS(PJRT_AsyncHostToDeviceTransferManager_TransferData_Args, args);
  args.transfer_manager = manager_;
  args.data = &nothing;
  args.transfer_size = 1;
  args.is_last_transfer = true;
  if (!TakeError(api, XS_FN(api, PJRT_AsyncHostToDeviceTransferManager_TransferData)(&args), &ignored) && args.done_with_h2d_transfer != nullptr) DestroyEvent(api, args.done_with_h2d_transfer);
}

}  // namespace xs
