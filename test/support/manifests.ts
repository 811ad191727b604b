/**
 * Reads Kubernetes manifests, rendered by kubectl or as they lie, and checks them against the API's types.
 */

import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { DaemonSet } from 'kubernetes-types/apps/v1.d.ts'
import type { Namespace, PersistentVolumeClaim, Pod, Service } from 'kubernetes-types/core/v1.d.ts'
import type { NetworkPolicy } from 'kubernetes-types/networking/v1.d.ts'
import { parseAllDocuments } from 'yaml'
import { projectRoot, readSources } from './source-tree.ts'

export type Manifest = DaemonSet | Namespace | Pod | Service | PersistentVolumeClaim | NetworkPolicy

/** Where kubernetes-types, made from the API's OpenAPI document, declares each kind that is used here. */
const modules: Readonly<Record<string, string>> = {
  'v1/Namespace': 'core/v1',
  'v1/Pod': 'core/v1',
  'v1/Service': 'core/v1',
  'v1/PersistentVolumeClaim': 'core/v1',
  'apps/v1/DaemonSet': 'apps/v1',
  'networking.k8s.io/v1/NetworkPolicy': 'networking/v1',
}

export function hasKubectl(): boolean {
  return spawnSync('kubectl', ['version', '--client'], { stdio: 'ignore' }).status === 0
}

/** What `kubectl apply -k` would send. Throws with kubectl's own words. */
export function renderManifests(folder: string): Manifest[] {
  const run = spawnSync('kubectl', ['kustomize', path.join(projectRoot, folder)], { encoding: 'utf8' })
  if (run.status !== 0) throw new Error(`kubectl kustomize ${folder}: ${run.stderr}`)
  return parseManifests(run.stdout)
}

/** The manifests as they lie in a folder, patches and kustomizations left out. */
export function readManifests(folder: string): Manifest[] {
  return readSources(`${folder}/*.yaml`)
    .filter((file) => !file.path.endsWith('/kustomization.yaml'))
    .flatMap((file) => parseManifests(file.text))
}

function parseManifests(text: string): Manifest[] {
  return parseAllDocuments(text).map((document) => {
    const [problem] = [...document.errors, ...document.warnings]
    if (problem !== undefined) throw problem
    return document.toJS() as Manifest
  })
}

/**
 * What the type checker says of the manifests as literals of their types: unknown fields, wrong types and
 * missing fields; empty when all is well.
 */
export function checkManifests(manifests: readonly Manifest[]): string[] {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'logkeep-manifests-'))
  try {
    const lines = manifests.map((manifest, index) => {
      const module = modules[`${manifest.apiVersion}/${manifest.kind}`]
      if (module === undefined)
        throw new Error(`no types are known for ${manifest.apiVersion} ${manifest.kind}`)
      const from = path.join(projectRoot, 'node_modules/kubernetes-types', module)
      return `export const m${index}: import('${from}').${manifest.kind} = ${JSON.stringify(manifest, null, 2)}`
    })
    fs.writeFileSync(path.join(folder, 'manifests.ts'), lines.join('\n'))
    const checker = path.join(projectRoot, 'node_modules/.bin/tsc')
    const flags = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--pretty', 'false']
    const run = spawnSync(checker, [...flags, '--types', '', 'manifests.ts'], {
      cwd: folder,
      encoding: 'utf8',
    })
    if (run.error !== undefined) throw run.error
    const said = run.stdout.split('\n').filter((line) => line.startsWith('manifests.ts'))
    if (run.status !== 0 && said.length === 0) throw new Error(`tsc: ${run.stdout}${run.stderr}`)
    return said
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}
