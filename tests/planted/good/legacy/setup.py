from setuptools import setup

setup(
    name="shop-legacy",
    version="1.4b0",
    install_requires=[
        "shop-auth>=3.2,<4",
    ],
)
