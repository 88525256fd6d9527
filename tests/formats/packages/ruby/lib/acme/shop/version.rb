module Acme
  module Shop
    VERSION = "1.4.2"
  end
end
