// faiss-node's source says faiss::idx_t, as FAISS does from 1.7.4 on. Until then (Debian 12 has 1.7.3) the same type
// was called faiss::Index::idx_t.
#include <faiss/Index.h>
#if FAISS_VERSION_MAJOR * 10000 + FAISS_VERSION_MINOR * 100 + FAISS_VERSION_PATCH < 10704
namespace faiss {
using idx_t = Index::idx_t;
}
#endif
