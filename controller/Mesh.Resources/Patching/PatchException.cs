namespace Mesh.Resources.Patching;

/// <summary>A patch that is malformed or does not fit the resource; the message is for its author.</summary>
public sealed class PatchException(string message) : Exception(message);
