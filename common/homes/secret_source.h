// Passphrases, PINs and keys from where the configuration says: a file, a credential of the
// service manager, the terminal. Never a command line or the environment.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/crypto/key_home.h"
#include "common/crypto/secret.h"

namespace kapea::homes {

// At most one of both, and a credential named by a name, not by a path. `what` is the field
// that a complaint names. InvalidArgument.
absl::Status CheckSource(const crypto::SecretSource& source, const std::string& what);
absl::Status CheckCredentialName(const std::string& name, const std::string& what);

// The first line of the source; of an empty source, what is typed on the terminal at "`what`: ".
// NotFound and the like for a file that cannot be read; FailedPrecondition for one that
// others can read, where there is no terminal, and where no credentials were given.
absl::StatusOr<crypto::SecretBytes> ReadSecret(const crypto::SecretSource& source,
                                               const std::string& what);
// As ReadSecret, but the terminal asks twice: a slip of the finger must not become a
// passphrase.
absl::StatusOr<crypto::SecretBytes> ReadNewSecret(const crypto::SecretSource& source,
                                                  const std::string& what);

// All bytes of a credential.
absl::StatusOr<crypto::SecretBytes> ReadCredential(const std::string& name);

}  // namespace kapea::homes
