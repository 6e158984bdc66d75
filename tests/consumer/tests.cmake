# Hosts that link weir in each way that is promised, built and run against this build.
foreach(how package package_without_exceptions subdirectory pkg_config symbols)
  add_test(NAME consumer.${how}
    COMMAND ${CMAKE_COMMAND} -Dsource=${PROJECT_SOURCE_DIR} -Dbuild=${PROJECT_BINARY_DIR} -Dhow=${how}
            -Dwork=${CMAKE_CURRENT_BINARY_DIR}/consumer/${how} -Dcompiler=${CMAKE_CXX_COMPILER}
            -Dlauncher=${CMAKE_CXX_COMPILER_LAUNCHER}
            -P ${CMAKE_CURRENT_SOURCE_DIR}/consumer/run.cmake)
  set_tests_properties(consumer.${how} PROPERTIES LABELS house)
endforeach()
