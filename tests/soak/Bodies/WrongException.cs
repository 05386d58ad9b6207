namespace Mesh.Soak.Bodies;

/// <summary>Something came that must not: says what was expected and what was seen.</summary>
internal sealed class WrongException(string message) : Exception(message);
