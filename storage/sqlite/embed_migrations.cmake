# Writes OUTPUT, a C++ source with the text of every migration of FOLDER in order.
# Refuses a gap in the numbering: the database's user_version is the number of the newest one.
file(GLOB files ${FOLDER}/*.sql)
list(SORT files)
set(entries "")
set(number 0)
foreach(file IN LISTS files)
  math(EXPR number "${number} + 1")
  get_filename_component(name ${file} NAME_WE)
  string(REGEX MATCH "^0*([0-9]+)_" _ ${name})
  if(NOT CMAKE_MATCH_1 EQUAL number)
    message(FATAL_ERROR "migrations must be numbered without a gap: ${name} is not number ${number}")
  endif()
  file(READ ${file} text)
  # One literal may hold 64 KiB at most in some compilers; ours stay far below.
  string(APPEND entries "    {\"${name}\", R\"~sql~(${text})~sql~\"},\n")
endforeach()
file(WRITE ${OUTPUT}.new "#include \"storage/sqlite/migrate.h\"

namespace reconciled::storage {

const std::vector<Migration>& migrations() {
  static const std::vector<Migration> list{
${entries}  };
  return list;
}

}  // namespace reconciled::storage
")
file(COPY_FILE ${OUTPUT}.new ${OUTPUT} ONLY_IF_DIFFERENT)
