using System.Reflection;

namespace Mesh.Ctl.Commands;

internal static class VersionCommand
{
    public static async Task<int> RunAsync(Session session)
    {
        session.Output.WriteLine($"meshctl     {typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion}");
        var server = await session.Client.GetAsync("/version");
        session.Output.WriteLine($"controller  {server["meshVersion"]}");
        return ExitCodes.Fine;
    }
}
