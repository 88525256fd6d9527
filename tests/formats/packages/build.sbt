ThisBuild / version := "1.2.0"

credentials += Credentials("Nexus", "maven.example.com", "ci", "k3v9Qz71LmWp")
