object Versions {
    const val TILL = "4.2.0"
}
