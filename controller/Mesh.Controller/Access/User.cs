using System.Text.Json.Serialization;

namespace Mesh.Controller.Access;

internal enum Role
{
    /// <summary>Reads everything.</summary>
    Viewer,

    /// <summary>Also changes routes and policies of the given namespaces.</summary>
    Operator,

    Admin,
}

/// <param name="Namespaces">Of an operator.</param>
internal sealed record User(string Name, Role Role, IReadOnlyList<string> Namespaces);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(User))]
internal sealed partial class UserJson : JsonSerializerContext;
