// weir/export.hpp - what a shared weir shows to its host; everything else stays hidden.
#pragma once

#if defined(WEIR_STATIC_DEFINE)
#define WEIR_API
#elif defined(_WIN32)
#if defined(weir_EXPORTS)
#define WEIR_API __declspec(dllexport)
#else
#define WEIR_API __declspec(dllimport)
#endif
#else
#define WEIR_API __attribute__((visibility("default")))
#endif
