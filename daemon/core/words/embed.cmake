# Writes OUTPUT, a C++ source that gives the text of FILES (with `|` between them), in that order:
# NAMESPACE::FUNCTION(), which HEADER declares. See embed_files() beside this.
string(REPLACE "|" ";" files "${FILES}")
set(entries "")
foreach(file IN LISTS files)
  get_filename_component(name ${file} NAME_WE)
  file(READ ${file} text)
  # One literal may hold 64 KiB at most in some compilers; ours stay below.
  string(APPEND entries "    {\"${name}\", R\"~text~(${text})~text~\"},\n")
endforeach()
file(WRITE ${OUTPUT}.new "#include \"${HEADER}\"

namespace ${NAMESPACE} {

const std::vector<core::EmbeddedFile>& ${FUNCTION}() {
  static const std::vector<core::EmbeddedFile> list{
${entries}  };
  return list;
}

}  // namespace ${NAMESPACE}
")
file(COPY_FILE ${OUTPUT}.new ${OUTPUT} ONLY_IF_DIFFERENT)
