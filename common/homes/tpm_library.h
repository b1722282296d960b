// Private to this room: the TPM software stack (tpm2-tss), loaded when a TPM is used. A
// program that uses none starts without it.
#pragma once

#include <tss2/tss2_esys.h>
#include <tss2/tss2_mu.h>
#include <tss2/tss2_tctildr.h>

#include "absl/status/statusor.h"

namespace kapea::homes {

// The functions by their own names and types. Never unloaded: there is one for the process.
// Threads: any.
struct TpmLibrary {
  // NotFound, with a sentence to show, when the machine has it not.
  static absl::StatusOr<const TpmLibrary*> Load();

  decltype(&::Tss2_TctiLdr_Initialize) TctiInitialize;
  decltype(&::Tss2_TctiLdr_Finalize) TctiFinalize;
  decltype(&::Esys_Initialize) Initialize;
  decltype(&::Esys_Finalize) Finalize;
  decltype(&::Esys_Free) Free;
  decltype(&::Esys_CreatePrimary) CreatePrimary;
  decltype(&::Esys_Create) Create;
  decltype(&::Esys_Load) LoadObject;
  decltype(&::Esys_Unseal) Unseal;
  decltype(&::Esys_FlushContext) FlushContext;
  decltype(&::Esys_StartAuthSession) StartAuthSession;
  decltype(&::Esys_TRSess_SetAttributes) SetSessionAttributes;
  decltype(&::Esys_TR_SetAuth) SetAuth;
  decltype(&::Esys_TR_GetName) GetName;
  decltype(&::Tss2_MU_TPM2B_PUBLIC_Marshal) WritePublic;
  decltype(&::Tss2_MU_TPM2B_PUBLIC_Unmarshal) ReadPublic;
  decltype(&::Tss2_MU_TPM2B_PRIVATE_Marshal) WritePrivate;
  decltype(&::Tss2_MU_TPM2B_PRIVATE_Unmarshal) ReadPrivate;
};

}  // namespace kapea::homes
