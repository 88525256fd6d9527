module git.shop.example.com/shop/router

go 1.24

require git.shop.example.com/shop/auth v3.0.0

replace git.shop.example.com/shop/auth => ../auth
