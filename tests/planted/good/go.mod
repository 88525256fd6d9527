module git.shop.example.com/shop/router

go 1.24

require git.shop.example.com/shop/auth/v3 v3.2.0
