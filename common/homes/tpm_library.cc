#include "common/homes/tpm_library.h"

#include <dlfcn.h>
#include <stdlib.h>

#include <string>

#include "common/base/macros.h"

namespace kapea::homes {
namespace {

// Takes functions out of the libraries, and remembers what failed first.
class Loader {
 public:
  void Open(const char* name) {
    library_ = ::dlopen(name, RTLD_NOW | RTLD_LOCAL);
    Note(library_ != nullptr);
  }
  template <typename Function>
  void Take(const char* name, Function& function) {
    if (library_ == nullptr) return;
    function = reinterpret_cast<Function>(::dlsym(library_, name));
    Note(function != nullptr);
  }
  const std::string& missing() const { return missing_; }

 private:
  void Note(bool there) {
    if (there || !missing_.empty()) return;
    const char* const why = ::dlerror();
    missing_ = why != nullptr ? why : "no reason was given";
  }

  void* library_ = nullptr;
  std::string missing_;
};

absl::StatusOr<TpmLibrary> LoadAll() {
  // Its own lines about a TPM that does not answer would bury ours.
  ::setenv("TSS2_LOG", "all+none", 0);
  TpmLibrary tpm{};
  Loader loader;
  loader.Open("libtss2-tctildr.so.0");
  loader.Take("Tss2_TctiLdr_Initialize", tpm.TctiInitialize);
  loader.Take("Tss2_TctiLdr_Finalize", tpm.TctiFinalize);
  loader.Open("libtss2-esys.so.0");
  loader.Take("Esys_Initialize", tpm.Initialize);
  loader.Take("Esys_Finalize", tpm.Finalize);
  loader.Take("Esys_Free", tpm.Free);
  loader.Take("Esys_CreatePrimary", tpm.CreatePrimary);
  loader.Take("Esys_Create", tpm.Create);
  loader.Take("Esys_Load", tpm.LoadObject);
  loader.Take("Esys_Unseal", tpm.Unseal);
  loader.Take("Esys_FlushContext", tpm.FlushContext);
  loader.Take("Esys_StartAuthSession", tpm.StartAuthSession);
  loader.Take("Esys_TRSess_SetAttributes", tpm.SetSessionAttributes);
  loader.Take("Esys_TR_SetAuth", tpm.SetAuth);
  loader.Take("Esys_TR_GetName", tpm.GetName);
  loader.Open("libtss2-mu.so.0");
  loader.Take("Tss2_MU_TPM2B_PUBLIC_Marshal", tpm.WritePublic);
  loader.Take("Tss2_MU_TPM2B_PUBLIC_Unmarshal", tpm.ReadPublic);
  loader.Take("Tss2_MU_TPM2B_PRIVATE_Marshal", tpm.WritePrivate);
  loader.Take("Tss2_MU_TPM2B_PRIVATE_Unmarshal", tpm.ReadPrivate);
  if (loader.missing().empty()) return tpm;
  return absl::NotFoundError("the library of the TPM cannot be loaded: " + loader.missing() +
                             ". Nothing was opened or changed. Install libtss2-esys and "
                             "libtss2-tctildr");
}

}  // namespace

absl::StatusOr<const TpmLibrary*> TpmLibrary::Load() {
  static const auto* const loaded = new absl::StatusOr<TpmLibrary>(LoadAll());
  KAPEA_TRY(loaded->status());
  return &**loaded;
}

}  // namespace kapea::homes
