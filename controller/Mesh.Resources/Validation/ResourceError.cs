namespace Mesh.Resources.Validation;

/// <summary>One thing wrong with one resource, told so that it can be found and mended.</summary>
/// <param name="Path">Field path, e.g. spec.rules[0].backendRefs[1].port; empty for the document as a whole.</param>
/// <param name="Message">Follows the path in a sentence.</param>
public sealed record ResourceError(string Path, ErrorReason Reason, string Message)
{
    /// <summary>File, or null when the resource came over the API.</summary>
    public string? File { get; init; }

    /// <summary>1-based; 0 when unknown.</summary>
    public int Line { get; init; }

    /// <summary>"Kind namespace/name"; empty when the document does not say.</summary>
    public string Resource { get; init; } = "";

    /// <summary>Name of the reason as in a Kubernetes Status cause, e.g. FieldValueInvalid.</summary>
    public string CauseReason => Reason switch
    {
        ErrorReason.Required => "FieldValueRequired",
        ErrorReason.NotSupported => "FieldValueNotSupported",
        ErrorReason.Duplicate => "FieldValueDuplicate",
        ErrorReason.NotFound => "FieldValueNotFound",
        ErrorReason.TooLong => "FieldValueTooLong",
        _ => "FieldValueInvalid",
    };

    /// <summary>"file:line: Kind namespace/name: path: message", leaving out what is unknown.</summary>
    public override string ToString()
    {
        var place = File is null ? "" : Line > 0 ? $"{File}:{Line}: " : $"{File}: ";
        return place + (Resource.Length > 0 ? Resource + ": " : "") + (Path.Length > 0 ? Path + ": " : "") + Message;
    }
}
