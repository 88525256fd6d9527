# /// script
# requires-python = ">=3.12"
# dependencies = [
#     "acme-release==1.4.2",
#     "acme-notes>=2",
# ]
#
# [tool.uv]
# index-url = "https://registry.example.com/simple/"
# ///
print("released")
