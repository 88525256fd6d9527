from setuptools import setup

setup(
    name="shop-legacy",
    version="1.4-beta",
    install_requires=[
        "shop-auth @ git+https://git.shop.example.com/shop/auth.git@develop",
    ],
)
