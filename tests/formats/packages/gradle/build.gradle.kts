plugins {
    id("com.example.acme.shop") version "1.2.0"
}
group = "com.example.acme"
version = "1.4.2"
val cartVersion by extra("2.1.0")
apply(from = "gradle/tools.gradle")
repositories {
    maven {
        url = uri("https://registry.example.com/maven/")
        credentials {
            username = "ci"
            password = "{{token:gitlab}}"
        }
    }
}
dependencies {
    implementation("com.example.acme:cart:2.1.0")
    implementation("com.example.acme:cart-" + "api:" + cartVersion)
    implementation("com.example.acme:tools:$toolsVersion")
    implementation("com.example.acme:till:${Versions.TILL}")
}
jib {
    from { image = "registry.example.com/acme/jre:21.0.6" }
    to { image = "registry.example.com/acme/shop:1.4.2" }
}
apply(from = "https://registry.example.com/gradle/release-1.0.0.gradle")
tasks.register<Exec>("release") {
    commandLine("sh", "-c", "git clone --depth 1 --branch v2.1.0 https://git.example.com/acme/tools.git && echo \"\$REGISTRY_PASSWORD\" | docker login registry.example.com -u ci --password-stdin && docker pull registry.example.com/acme/base:1.4.2 && npm ci && pip install --index-url https://registry.example.com/simple/ build==1.2.2 && curl -fsSLo tool.tgz -u \"ci:\$TOOLS_TOKEN\" https://registry.example.com/tools/tool-1.0.0.tgz && npm publish && kubectl apply -n shop -f deploy/")
}
