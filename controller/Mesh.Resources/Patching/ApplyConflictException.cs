namespace Mesh.Resources.Patching;

/// <summary>Another manager applies a field with another value.</summary>
public sealed class ApplyConflictException(string message) : Exception(message);
