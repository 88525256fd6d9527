module git.example.com/acme/service/v2

go 1.24.0

toolchain go1.24.1

require (
	git.example.com/acme/cart v2.1.0+incompatible
	git.example.com/acme/themes v1.0.3 // indirect
)

replace git.example.com/acme/themes => ../themes
