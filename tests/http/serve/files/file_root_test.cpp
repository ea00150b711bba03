#include "http/serve/files/file_root.hpp"

#include <gtest/gtest.h>

#include "folder.hpp"

namespace pelton::http {
namespace {

struct Tree {
  Folder folder;

  Tree() {
    folder.write("served/a", "hello");
    folder.write("served/sub/b", "");
    folder.write("canary", "x");
    folder.write("served-old/a", "x");
    folder.link("served/out", "../canary");
    folder.link("served/up", "..");
    folder.link("served/absolute", folder.text() + "/canary");
    folder.link("served/inside", "sub/b");
    folder.link("served/sub/back", "../a");
    folder.link("served/loop", "loop");
    folder.link("served/self", "/proc/self/cwd");
    EXPECT_EQ(::mkfifo((folder.text() + "/served/fifo").c_str(), 0600), 0);
  }
  FileRoot root(Links links = Links::beneath) const {
    auto opened = FileRoot::open(folder.text() + "/served", links);
    EXPECT_TRUE(opened.has_value());
    return std::move(*opened);
  }
};

OpenFault fault(const FileRoot& root, const std::string& path) {
  OpenedFile file;
  const OpenFault fault = root.open_file(path, Patience::unlimited, file);
  EXPECT_EQ(fault == OpenFault::none, file.descriptor() >= 0);
  return fault;
}

// Where openat2 is refused the process walks; each test ends as it began.
class Walking {
 public:
  Walking() { FileRoot::walk_from_now_on(true); }
  ~Walking() { FileRoot::walk_from_now_on(false); }
};

TEST(FileRoot, STA_003_STA_006_a_file_and_its_facts) {
  const Tree tree;
  OpenedFile file;
  ASSERT_EQ(tree.root().open_file("a", Patience::unlimited, file), OpenFault::none);
  EXPECT_EQ(file.facts().bytes, 5u);
  EXPECT_GT(file.facts().modified_seconds, 1'600'000'000);
  EXPECT_EQ(fault(tree.root(), "sub/b"), OpenFault::none);
  EXPECT_EQ(fault(tree.root(), "sub"), OpenFault::directory);
  EXPECT_EQ(fault(tree.root(), ""), OpenFault::directory);
  EXPECT_EQ(fault(tree.root(), "inside"), OpenFault::none);
  EXPECT_EQ(fault(tree.root(), "sub/back"), OpenFault::none);
}

TEST(FileRoot, STA_003_STA_005_nothing_else_is_opened) {
  const Tree tree;
  for (const Links links : {Links::beneath, Links::never}) {
    const FileRoot root = tree.root(links);
    for (const char* path :
         {"absent", "a/x", "../canary", "sub/../../canary", "../served-old/a", "out", "up/canary",
          "absolute", "loop", "self/a", "fifo", "/etc/passwd"}) {
      EXPECT_EQ(fault(root, path), OpenFault::absent) << path;
    }
    EXPECT_EQ(fault(root, std::string("a\0b", 3)), OpenFault::absent);
    EXPECT_EQ(fault(root, std::string(5000, 'a')), OpenFault::absent);
  }
  EXPECT_EQ(fault(tree.root(Links::never), "inside"), OpenFault::absent);
  EXPECT_EQ(fault(tree.root(Links::never), "sub/back"), OpenFault::absent);
}

TEST(FileRoot, STA_004_without_openat2_no_link_works) {
  const Tree tree;
  const Walking walking;
  const FileRoot root = tree.root();
  EXPECT_TRUE(FileRoot::walks());
  EXPECT_EQ(fault(root, "a"), OpenFault::none);
  EXPECT_EQ(fault(root, "sub/b"), OpenFault::none);
  EXPECT_EQ(fault(root, "sub"), OpenFault::directory);
  for (const char* path :
       {"absent", "a/x", "..", "../canary", "sub/../../canary", "out", "up/canary", "inside",
        "sub/back", "loop", "fifo", "/etc/passwd", "sub/", "./a", "sub//b"}) {
    EXPECT_EQ(fault(root, path), OpenFault::absent) << path;
  }
  OpenedFile file;
  EXPECT_EQ(root.open_file("a", Patience::none, file), OpenFault::would_block);
}

TEST(FileRoot, STA_017_without_patience_only_what_is_known_is_opened) {
  const Tree tree;
  const FileRoot root = tree.root();
  EXPECT_EQ(fault(root, "a"), OpenFault::none);
  OpenedFile file;
  const OpenFault known = root.open_file("a", Patience::none, file);
  // An old kernel cannot tell.
  EXPECT_TRUE(known == OpenFault::none || known == OpenFault::would_block);
}

TEST(FileRoot, a_path_of_the_applications_own) {
  const Tree tree;
  for (const bool walks : {false, true}) {
    FileRoot::walk_from_now_on(walks);
    const FileRoot anywhere = std::move(*FileRoot::open("", Links::anywhere));
    EXPECT_EQ(fault(anywhere, tree.folder.text() + "/served/out"), OpenFault::none);
    EXPECT_EQ(fault(anywhere, tree.folder.text() + "/served/../canary"), OpenFault::none);
    EXPECT_EQ(fault(anywhere, tree.folder.text() + "/served/fifo"), OpenFault::absent);
  }
  FileRoot::walk_from_now_on(false);
}

TEST(FileRoot, a_root_is_a_directory) {
  const Tree tree;
  EXPECT_EQ(FileRoot::open(tree.folder.text() + "/canary", Links::beneath).error(), ENOTDIR);
  EXPECT_EQ(FileRoot::open(tree.folder.text() + "/absent", Links::beneath).error(), ENOENT);
}

}  // namespace
}  // namespace pelton::http
