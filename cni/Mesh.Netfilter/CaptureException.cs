namespace Mesh.Netfilter;

/// <summary>The kernel or one of its tools refused what capture needs. The message names what, where and what to do.</summary>
public sealed class CaptureException(string message, Exception? inner = null) : Exception(message, inner);
