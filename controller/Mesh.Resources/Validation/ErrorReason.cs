namespace Mesh.Resources.Validation;

/// <summary>Reasons of field errors, with the names that Kubernetes uses in Status causes.</summary>
public enum ErrorReason
{
    Invalid,
    Required,
    NotSupported,
    Duplicate,
    Unknown,
    NotFound,
    TooLong,
    Malformed,
}
