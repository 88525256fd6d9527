"""NuGet: references, central versions, sources, tools, SDKs, properties."""

# ruff: noqa: E501 - a file in one line is easier to compare with its facts

from __future__ import annotations

import pytest

from relcheck.facts import Command, Credential, Dependency, Image, Package, Registry, Unreadable, Variables
from tests.readers.reading import facts_of, lines_of

REFERENCES = {
    '<PackageReference Include="A" Version="1.2.3" />': ["A 1.2.3 exact prod"],
    '<PackageReference Include="A"><Version>1.2.3</Version></PackageReference>': ["A 1.2.3 exact prod"],
    '<packagereference include="A" version="1.*" />': ["A 1.* range prod"],
    '<PackageReference Update="A" VersionOverride="[1.0,2.0)" />': ["A [1.0,2.0) range prod"],
    '<PackageReference Include="A" Version="*" />': ["A * any prod"],
    '<PackageReference Include="A" Version="*-*" />': ["A *-* any prod"],
    '<PackageReference Include="A" Version="[1.0]" />': ["A [1.0] exact prod"],
    '<PackageReference Include="A" />': [],
    '<PackageReference Include="A" Version="$(V)" />': ["A 2.0 exact prod"],
    '<PackageReference Include="A" Version="$(Other)" />': ["A unknown unknown prod"],
    '<PackageReference Include="A" Version="1.0" PrivateAssets="all" />': ["A 1.0 exact dev"],
    '<PackageVersion Include="A" Version="1.0" />': ["A 1.0 exact prod"],
    '<GlobalPackageReference Include="A" Version="1.0" />': ["A 1.0 exact dev"],
    '<DotNetCliToolReference Include="A" Version="1.0" />': ["A 1.0 exact build"],
    '<!-- <PackageReference Include="A" Version="1.0" /> -->': [],
    '<ProjectReference Include="../a.csproj" />': [],
}


@pytest.mark.parametrize("line", REFERENCES)
def test_references(line: str) -> None:
    text = f'<Project Sdk="Microsoft.NET.Sdk">\n<PropertyGroup><V>2.0</V></PropertyGroup>\n<ItemGroup>{line}</ItemGroup></Project>\n'

    found = lines_of("nuget", "a.csproj", text, Dependency, "name", "constraint", "firmness", "group")

    assert [one.partition(" ")[2] for one in found] == REFERENCES[line]


PROJECT = """<Project Sdk="My.Sdk/1.2.0">
  <PropertyGroup>
    <PackageId>Acme.Shop</PackageId>
    <Version>1.0.0</Version>
    <ContainerBaseImage>mcr.acme.io/aspnet:8.0</ContainerBaseImage>
    <ContainerRepository>acme/shop</ContainerRepository>
    <ContainerImageTag>latest</ContainerImageTag>
    <RestoreSources>https://nuget.acme.io/v3/index.json;http://old.acme.io/nuget</RestoreSources>
  </PropertyGroup>
  <Import Project="a.props" Sdk="Other.Sdk" Version="3.0.0" />
  <Target Name="x"><Exec Command="docker push acme/shop:latest" /></Target>
</Project>
"""


def test_a_project() -> None:
    assert lines_of("nuget", "src/a.csproj", PROJECT, Dependency, "name", "constraint") == [
        "1:22 My.Sdk 1.2.0",
        "10:54 Other.Sdk 3.0.0",
    ]
    assert lines_of("nuget", "src/a.csproj", PROJECT, Package, "name", "version", "private", "folder") == [
        "4:14 Acme.Shop 1.0.0 False src"
    ]
    assert lines_of("nuget", "src/a.csproj", PROJECT, Image, "role", "name", "tag") == [
        "5:44 base mcr.acme.io/aspnet 8.0",
        "11:57 pushed acme/shop latest",
        "7:24 output acme/shop latest",
    ]
    assert lines_of("nuget", "src/a.csproj", PROJECT, Registry, "host", "scheme") == [
        "8:29 nuget.acme.io https",
        "8:64 old.acme.io http",
    ]
    assert lines_of("nuget", "src/a.csproj", PROJECT, Command, "written") == ["11:35 docker push acme/shop:latest"]


@pytest.mark.parametrize("setting", ["<IsPackable>false</IsPackable>", "<IsTestProject>true</IsTestProject>"])
def test_projects_that_make_no_package(setting: str) -> None:
    text = f"<Project><PropertyGroup><Version>1</Version>{setting}</PropertyGroup></Project>"

    assert lines_of("nuget", "a.csproj", text, Package, "private") == ["1:34 True"]


def test_properties_for_other_files() -> None:
    text = "<Project><PropertyGroup><AVersion>1.0</AVersion></PropertyGroup></Project>"

    (values,) = [fact for fact in facts_of("nuget", "Directory.Build.props", text) if isinstance(fact, Variables)]

    assert [(option.name, option.value) for option in values.values_of] == [("aversion", "1.0")]


def test_packages_config_and_nuspec() -> None:
    old = '<packages><package id="A" version="1.0" /><package id="B" version="2" developmentDependency="true" /></packages>'
    spec = (
        '<package><metadata><id>A</id><version>1.0</version><dependencies><dependency id="B" version="[1,2)" />'
        '<dependency id="C" version="$v$" /></dependencies></metadata></package>'
    )

    assert lines_of("nuget", "packages.config", old, Dependency, "name", "constraint", "group") == [
        "1:36 A 1.0 prod",
        "1:68 B 2 dev",
    ]
    assert lines_of("nuget", "a.nuspec", spec, Package, "name", "version") == ["1:39 A 1.0"]
    assert lines_of("nuget", "a.nuspec", spec, Dependency, "name", "firmness") == ["1:94 B range"]


CONFIG = """<configuration>
  <packageSources>
    <add key="old" value="http://gone.acme.io" />
    <clear />
    <add key="nuget" value="https://api.nuget.org/v3/index.json" />
    <add key="acme" value="http://nuget.acme.io/v3" disableTLSCertificateValidation="true" />
    <add key="local" value="./packages" />
    <add key="off" value="https://off.acme.io" />
  </packageSources>
  <disabledPackageSources><add key="off" value="true" /></disabledPackageSources>
  <config><add key="defaultPushSource" value="https://push.acme.io" /></config>
</configuration>
"""


def test_sources() -> None:
    assert lines_of("nuget", "NuGet.Config", CONFIG, Registry, "purpose", "host", "tls", "filtered", "beside") == [
        "5:37 index api.nuget.org - False 1",
        "6:35 index nuget.acme.io - False 1",
        "6:86 index nuget.acme.io off unknown 0",
        "11:55 publish push.acme.io - unknown 0",
    ]


def test_a_mapping_of_sources() -> None:
    text = CONFIG.replace(
        "<config>", '<packageSourceMapping><packageSource key="nuget"/></packageSourceMapping><config>'
    )

    assert lines_of("nuget", "nuget.config", text, Registry, "filtered")[:2] == ["5:37 True", "6:35 True"]


def test_the_sdk_and_tools() -> None:
    sdk = '{\n  // pinned\n  "sdk": {"version": "8.0.100", "rollForward": "latestMajor"},\n  "msbuild-sdks": {"A.Sdk": "1.0.0"},\n}'
    tools = '{"version": 1, "tools": {"dotnet-ef": {"version": "8.0.0", "commands": ["dotnet-ef"]}}}'

    assert lines_of("nuget", "global.json", sdk, Dependency, "ecosystem", "name", "constraint", "firmness") == [
        "3:23 dotnet-sdk dotnet-sdk 8.0.100 range",
        "4:30 nuget A.Sdk 1.0.0 exact",
    ]
    assert lines_of("nuget", ".config/dotnet-tools.json", tools, Dependency, "where", "name", "constraint") == [
        "1:52 tool dotnet-ef 8.0.0"
    ]


def test_a_program_of_one_file() -> None:
    text = '#:sdk Acme.Sdk@2.0.0\n#:package Acme.Core@1.*\nConsole.WriteLine("#:package No@1");\n'

    assert lines_of("nuget", "app.cs", text, Dependency, "name", "constraint", "group") == [
        "1:16 Acme.Sdk 2.0.0 build",
        "2:21 Acme.Core 1.* prod",
    ]


@pytest.mark.parametrize(
    "text", ["", "<", "<Project", "<Project><A></Project>", "x", "<a/>", "<Project Sdk='&#x110000;'/>"]
)
def test_bad_input_gives_a_fault_at_most(text: str) -> None:
    assert all(isinstance(fact, Unreadable) for fact in facts_of("nuget", "a.csproj", text))


def test_several_tags_a_prefix_and_the_name_of_an_assembly() -> None:
    text = (
        "<Project><PropertyGroup>\n<AssemblyName>Acme.Shop</AssemblyName>\n<VersionPrefix>1.2.0</VersionPrefix>\n"
        "<ContainerRepository>acme/shop</ContainerRepository>\n<ContainerImageTags>1.2.0;latest</ContainerImageTags>\n"
        "</PropertyGroup></Project>\n"
    )
    suffixed = text.replace("<ContainerRepository>", "<VersionSuffix>rc.1</VersionSuffix>\n<ContainerRepository>")

    assert lines_of("nuget", "a.csproj", text, Image, "role", "tag") == ["5:21 output 1.2.0", "5:27 output latest"]
    assert lines_of("nuget", "a.csproj", text, Package, "name", "version") == ["3:16 Acme.Shop 1.2.0"]
    assert lines_of("nuget", "a.csproj", suffixed, Package, "version") == ["3:16 unknown"]


def test_a_proxy_and_sources_of_audits() -> None:
    text = (
        '<configuration>\n<config><add key="http_proxy" value="http://ci:k3v9Qz71LmWp@proxy.acme.io"/>\n'
        '<add key="http_proxy.password" value="AQAAANCMnd8B"/></config>\n'
        '<auditSources><add key="a" value="https://audit.acme.io/v3/index.json"/></auditSources></configuration>\n'
    )

    assert lines_of("nuget", "nuget.config", text, Registry, "purpose", "host") == [
        "2:61 proxy proxy.acme.io",
        "4:43 audit audit.acme.io",
    ]
    assert lines_of("nuget", "nuget.config", text, Credential, "kind", "form") == [
        "3:39 nuget-password encrypted",
        "2:48 index-url literal",
    ]
