"""Gemfiles and gemspecs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relcheck.facts import UNKNOWN, Dependency
from relcheck.readers import gemfile, gemspec
from tests.readers.places import dependencies, packages, read_checked, registries

COMMIT = "0123456789012345678901234567890123456789"

GEMFILE = f"""# encoding: ü
RAILS = "~> 7.0"
source "https://gems.example.com"
source 'https://other.example.com'
source 'https://own.example.com' do
  gem "own", "1.2"
end
ruby "3.3.0"
gem "rails", RAILS
gem "bare"
gem "two", ">= 1", '< 2'
gem "list", ["~> 1.0"]
gem 'a', '>= 1', git: "https://git.example.com/o/a.git", branch: "main"
gem "b", :github => "o/b", :ref => '{COMMIT}'
git "https://git.example.com/o/c", tag: "v1" do
  gem "c"
end
group :test, :development do
  gem "d", path: "../d"
end
gem "e", "1.0", group: [:test] if RUBY_VERSION > "3"
unless windows?
  gem "f", require: false
end
gem "g", version_of("g")
gem "h", source: "https://h.example.com"
path "x" do
  gem "i"
end
gem "j", git: url, ref: REF
"""


def test_sources_blocks_and_options_of_a_gemfile() -> None:
    facts = read_checked(gemfile, GEMFILE, "Gemfile")

    assert [(f.name, f.firmness, f.group, f.index) for f in facts if isinstance(f, Dependency)] == [
        ("own", "exact", "prod", "https://own.example.com"),
        ("ruby", "exact", "tool", ""),
        ("rails", "range", "prod", ""),
        ("bare", "any", "prod", ""),
        ("two", "range", "prod", ""),
        ("list", "range", "prod", ""),
        ("a", "git-branch", "prod", ""),
        ("b", "git-commit", "prod", ""),
        ("c", "git-tag", "prod", ""),
        ("d", "path", "dev", ""),
        ("e", "exact", "dev", ""),
        ("f", "any", "prod", ""),
        ("h", "any", "prod", "https://h.example.com"),
        ("i", "path", "prod", ""),
    ]
    assert registries(facts) == [
        ("index", "gems.example.com", ""),
        ("extra-index", "other.example.com", ""),
        ("explicit-index", "own.example.com", ""),
        ("explicit-index", "h.example.com", ""),
    ]
    assert [f.url for f in facts if isinstance(f, Dependency) and f.name == "b"] == ["https://github.com/o/b"]


def test_the_gems_of_a_library_are_for_its_development() -> None:
    facts = read_checked(gemfile, "source 'https://gems.example.com'\ngem 'rake'\ngemspec\n", "Gemfile")

    assert [(f.name, f.group) for f in facts if isinstance(f, Dependency)] == [("rake", "dev")]


GEMSPEC = """# frozen_string_literal: true
require_relative "lib/thing/version"
VERSION = "1.2.3".freeze
spec = Gem::Specification.new do |s|
  s.name = 'thing'
  s.version = VERSION
  s.metadata['allowed_push_host'] = "https://gems.example.com"
  s.files = Dir["**/*"]
  s.add_dependency "a", "~> 1.0"
  s.add_runtime_dependency("b", ">= 1", "< 2")
  if s.respond_to?(:x)
    s.add_development_dependency %q<c>
  end
  s.add_development_dependency "d", "= 1.0"
end
"""


def test_what_a_gemspec_says() -> None:
    facts = read_checked(gemspec, GEMSPEC, "thing.gemspec")

    (package,) = packages(facts)
    assert (package.name, package.version, package.publish_host) == ("thing", "1.2.3", "gems.example.com")
    assert package.contents == "everything"
    assert dependencies(facts)[0] == ("a", "range", "~> 1.0")
    assert [(f.name, f.firmness, f.group) for f in facts if isinstance(f, Dependency)][-1] == ("d", "exact", "dev")
    assert registries(facts) == [("publish", "gems.example.com", "")]


@pytest.mark.parametrize(
    ("files", "contents"),
    [
        ('`git ls-files -z`.split("\\x0")', "tracked"),
        ("`git ls-files`.split($/).reject { |f| f.start_with?('test') }", "files"),
        ("Dir['lib/**/*']", "files"),
        ("Dir.glob('**/*')", "everything"),
    ],
)
def test_what_keeps_a_gem_small(files: str, contents: str) -> None:
    text = f"Gem::Specification.new do |s|\n  s.name = 'a'\n  s.version = Thing::VERSION\n  s.files = {files}\nend\n"
    (package,) = packages(read_checked(gemspec, text, "a.gemspec"))

    assert (package.version, package.version_dynamic, package.contents) == (UNKNOWN, True, contents)


def test_the_file_of_the_version() -> None:
    (package,) = packages(read_checked(gemspec, "module A\n  VERSION = '1.2.3' # x\nend\n", "lib/a/version.rb"))

    assert (package.version, package.version_only) == ("1.2.3", True)
    assert read_checked(gemspec, "VERSION = [1, 2].join('.')\n", "lib/a/version.rb") == []


@given(st.text(alphabet="gem source do end\n\"'%:=>,()[]{}#|`ü1.<~", max_size=200))
def test_any_text_is_read_without_exception(text: str) -> None:
    read_checked(gemfile, text, "Gemfile")
    read_checked(gemspec, "Gem::Specification.new do |s|\n" + text, "a.gemspec")
