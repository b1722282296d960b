// A PKCS#11 token of SoftHSM and a TPM of swtpm for tests, each in a folder of its own:
// nothing of the system's is read or written.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "common/crypto/key_home.h"

namespace kapea::homes {

// A folder that is gone with the object.
class DeviceFolder {
 public:
  DeviceFolder();
  ~DeviceFolder();
  DeviceFolder(const DeviceFolder&) = delete;
  DeviceFolder& operator=(const DeviceFolder&) = delete;
  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// What SoftHSM finds in this process and its children, from here on until the end of the
// object. One at a time.
class SoftToken {
 public:
  SoftToken();
  ~SoftToken();
  // A new token, with the PIN "123456".
  void Add(const std::string& label);
  // As if all were pulled out.
  void RemoveAll();
  crypto::KeyHomeSettings::Token Settings(const std::string& label = "kapea") const;

  static constexpr char kModule[] = "/usr/lib/softhsm/libsofthsm2.so";
  static constexpr char kPin[] = "123456";

 private:
  const DeviceFolder folder_;
};

// A TPM that runs until the object ends, or the test does.
class SoftTpm {
 public:
  SoftTpm();
  ~SoftTpm();
  std::string tcti() const { return "swtpm:host=127.0.0.1,port=" + std::to_string(port_); }
  // The same TPM, after power was off.
  void Restart();
  void Stop();

 private:
  void Start();

  const DeviceFolder folder_;
  pid_t pid_ = 0;
  int port_ = 0;
};

}  // namespace kapea::homes
