from setuptools import setup

setup(
    name="acme-legacy",
    version="1.4.2",
    install_requires=["acme-cart==2.1.0", "acme-themes @ git+https://ci:{{token:gitlab}}@registry.example.com/acme/themes.git@v1.0.3"],
    dependency_links=["https://registry.example.com/simple/"],
)
