// faiss-node uses faiss::idx_t, the name since FAISS 1.7.4. Earlier versions (Debian 12 has 1.7.3) name the type
// faiss::Index::idx_t.
#include <faiss/Index.h>
#if FAISS_VERSION_MAJOR * 10000 + FAISS_VERSION_MINOR * 100 + FAISS_VERSION_PATCH < 10704
namespace faiss {
using idx_t = Index::idx_t;
}
#endif
