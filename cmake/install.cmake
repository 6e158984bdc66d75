# install.cmake - the installed library: headers, package config, pkg-config.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(weir_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/weir)
install(TARGETS weir EXPORT weir-targets FILE_SET HEADERS)
install(EXPORT weir-targets NAMESPACE weir:: DESTINATION ${weir_package_dir})

configure_package_config_file(cmake/weir-config.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/weir-config.cmake
  INSTALL_DESTINATION ${weir_package_dir})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/weir-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/weir-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/weir-config-version.cmake
  DESTINATION ${weir_package_dir})

if(weir_is_static)
  set(weir_pc_cflags -DWEIR_STATIC_DEFINE)
  set(weir_pc_private "-lstdc++ -lm -pthread")
  if(WEIR_WITH_ZONES)
    string(APPEND weir_pc_private " -ldate-tz")
  endif()
endif()
configure_file(cmake/weir.pc.in ${CMAKE_CURRENT_BINARY_DIR}/weir.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/weir.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
