using System.Text.Json.Nodes;
using Mesh.Ctl.Client;
using Mesh.Resources.Validation;

namespace Mesh.Ctl.Commands;

/// <summary>Server-side apply of every document; all are tried and every error is printed with its file and line.</summary>
internal static class ApplyCommand
{
    private const string query = "?fieldManager=meshctl&force=true";

    public static async Task<int> RunAsync(Session session, IReadOnlyList<string> files, string? space, bool dryRun)
    {
        var (documents, errors) = InputDocument.ReadAll(files);
        foreach (var error in errors)
            session.Errors.WriteLine(error);

        var invalid = errors.Count > 0;
        var failed = false;
        foreach (var document in documents.OrderBy(document => document.Kind != "Namespace")) // what others need comes first
        {
            try
            {
                await ApplyAsync(session, document, space, dryRun);
            }
            catch (UsageException wrong)
            {
                session.Errors.WriteLine(wrong.Message);
                invalid = true;
            }
            catch (ApiFailure failure)
            {
                Report(session, document, failure);
                invalid |= failure.Code is 400 or 422;
                failed |= failure.Code is not (400 or 422);
            }
        }

        return invalid ? ExitCodes.BadUsage : failed ? ExitCodes.Failed : ExitCodes.Fine;
    }

    private static async Task ApplyAsync(Session session, InputDocument document, string? space, bool dryRun)
    {
        var type = await session.TypeAsync(document.ApiVersion, document.Kind)
            ?? throw new UsageException(At(document, "kind", $"unknown kind \"{document.Kind}\" of apiVersion \"{document.ApiVersion}\""));
        if (document.Name.Length == 0)
            throw new UsageException(At(document, "metadata.name", "metadata.name must be given"));

        var target = space ?? document.Namespace ?? session.Client.Namespace;
        if (type.Namespaced && space is not null && document.Namespace is { } own && own != space)
            throw new UsageException(At(document, "metadata.namespace", $"the document is for namespace {own}, the command line says {space}"));

        var path = type.Path(target, document.Name);
        var before = await FindAsync(session, path);
        var after = await session.Client.SendAsync(
            HttpMethod.Patch,
            path + query + (dryRun ? "&dryRun=All" : ""),
            document.Root,
            "application/apply-patch+yaml",
            warn: text => session.Errors.WriteLine($"warning: {At(document, text.Split(':')[0], text)}"));
        session.Output.WriteLine($"{type.Label(document.Name)} {Outcome(before, after)}{(dryRun ? " (dry run)" : "")}");
    }

    private static async Task<JsonObject?> FindAsync(Session session, string path)
    {
        try
        {
            return await session.Client.GetAsync(path);
        }
        catch (ApiFailure missing) when (missing.Code == 404)
        {
            return null;
        }
    }

    private static string Outcome(JsonObject? before, JsonObject after)
    {
        if (before is null)
            return "created";

        return Content(before) == Content(after) ? "unchanged" : "configured";
    }

    // The controller itself may write status in between, and bookkeeping says nothing to people.
    private static string Content(JsonObject document)
    {
        var copy = document.DeepClone().AsObject();
        copy.Remove("status");
        foreach (var name in new[] { "resourceVersion", "managedFields", "generation" })
            copy["metadata"]?.AsObject().Remove(name);

        return copy.ToJsonString();
    }

    private static void Report(Session session, InputDocument document, ApiFailure failure)
    {
        if (failure.Causes.Count == 0)
            session.Errors.WriteLine(At(document, "", failure.Message));

        foreach (var (field, message) in failure.Causes)
            session.Errors.WriteLine(At(document, field, field.Length > 0 ? $"{field}: {message}" : message));
    }

    private static string At(InputDocument document, string field, string message) =>
        new ResourceError("", ErrorReason.Invalid, message)
        {
            File = document.Source.File,
            Line = document.Source.LineOf(field),
            Resource = $"{document.Kind} {document.Name}".Trim(),
        }.ToString();
}
