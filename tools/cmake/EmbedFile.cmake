# Makes a source with the bytes of a file: cmake -DIN=… -DOUT=… -DNAME=… -P EmbedFile.cmake
file(READ "${IN}" hex HEX)
string(LENGTH "${hex}" digits)
math(EXPR bytes "${digits} / 2")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," array "${hex}")
file(WRITE "${OUT}" "#include <cstddef>
namespace kapea::report {
extern const unsigned char ${NAME}[];
extern const std::size_t ${NAME}Bytes;
const unsigned char ${NAME}[] = {${array}};
const std::size_t ${NAME}Bytes = ${bytes};
}  // namespace kapea::report
")
