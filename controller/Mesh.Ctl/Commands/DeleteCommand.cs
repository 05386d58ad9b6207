using Mesh.Ctl.Client;

namespace Mesh.Ctl.Commands;

internal static class DeleteCommand
{
    public static async Task<int> RunAsync(Session session, string kind, IReadOnlyList<string> names, string space)
    {
        var type = await session.TypeAsync(kind);
        if (names.Count == 0)
            throw new UsageException("give the names to delete, or -f FILE");

        var code = ExitCodes.Fine;
        foreach (var name in names)
            code = Math.Max(code, await DeleteAsync(session, type, space, name, missingIsFine: false));

        return code;
    }

    /// <summary>In reverse, so that a Namespace goes last.</summary>
    public static async Task<int> RunAsync(Session session, IReadOnlyList<string> files, string? space)
    {
        var (documents, errors) = InputDocument.ReadAll(files);
        foreach (var error in errors)
            session.Errors.WriteLine(error);

        var code = errors.Count > 0 ? ExitCodes.BadUsage : ExitCodes.Fine;
        foreach (var document in documents.Reverse().OrderBy(document => document.Kind == "Namespace"))
        {
            if (await session.TypeAsync(document.ApiVersion, document.Kind) is { } type)
            {
                code = Math.Max(code, await DeleteAsync(session, type, space ?? document.Namespace ?? session.Client.Namespace, document.Name, missingIsFine: true));
                continue;
            }

            session.Errors.WriteLine($"{document.Source.File}:{document.Source.LineOf("kind")}: unknown kind \"{document.Kind}\" of apiVersion \"{document.ApiVersion}\"");
            code = ExitCodes.BadUsage;
        }

        return code;
    }

    private static async Task<int> DeleteAsync(Session session, ResourceType type, string space, string name, bool missingIsFine)
    {
        try
        {
            await session.Client.SendAsync(HttpMethod.Delete, type.Path(space, name), null);
            session.Output.WriteLine($"{type.Label(name)} deleted");
            return ExitCodes.Fine;
        }
        catch (ApiFailure missing) when (missing.Code == 404 && missingIsFine)
        {
            session.Output.WriteLine($"{type.Label(name)} not found");
            return ExitCodes.Fine;
        }
        catch (ApiFailure failure)
        {
            session.Errors.WriteLine(failure.Message);
            return ExitCodes.Failed;
        }
    }
}
