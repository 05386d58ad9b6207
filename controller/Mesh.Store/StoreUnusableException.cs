namespace Mesh.Store;

/// <summary>The store cannot be used at all; the message says why and what to do.</summary>
public sealed class StoreUnusableException(string message, Exception? inner = null) : Exception(message, inner);
