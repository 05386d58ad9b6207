namespace Mesh.Cni.Spec;

/// <summary>Codes of the CNI specification; from 100 on the plugin's own.</summary>
internal enum CniErrorCode
{
    IncompatibleVersion = 1,
    UnsupportedField = 2,
    ContainerUnknown = 3,
    InvalidEnvironment = 4,
    InputOutput = 5,
    Decoding = 6,
    InvalidNetworkConfig = 7,
    TryAgainLater = 11,
    NotAvailable = 50,

    /// <summary>The kernel or its tools refused the redirection rules.</summary>
    CaptureFailed = 100,

    /// <summary>meshd refuses the workload.</summary>
    Refused = 101,

    /// <summary>CHECK: what is in the kernel is not what ADD set up.</summary>
    CaptureDamaged = 102,

    /// <summary>A defect of the plugin; the number that the reference plugins use for everything unforeseen.</summary>
    Unexpected = 999,
}

/// <param name="message">Short: what went wrong.</param>
/// <param name="details">What to do, or every single fault.</param>
internal sealed class CniException(CniErrorCode code, string message, string details = "") : Exception(message)
{
    internal CniErrorCode Code { get; } = code;

    internal string Details { get; } = details;
}
